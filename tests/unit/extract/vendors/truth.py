"""Which column of a vendor feeds which conformed column, as the vendor's own documentation has it: written without a look at what Kundbild
reads. Not here: how it is measured (test_truth_of_vendors.py).

A table is its header as the vendor writes it, and {entity.target: column}; a column of another table is `table.column`.
"""

from __future__ import annotations

Tables = dict[str, tuple[str, dict[str, str]]]

SHOPIFY_EXPORT: Tables = {
    "orders": (
        "Name,Email,Financial Status,Paid at,Fulfillment Status,Fulfilled at,Accepts Marketing,Currency,Subtotal,Shipping,Taxes,Total,Discount Code,"
        "Discount Amount,Shipping Method,Created at,Lineitem quantity,Lineitem name,Lineitem price,Lineitem compare at price,Lineitem sku,"
        "Billing Name,Billing Street,Billing City,Billing Zip,Billing Country,Billing Phone,Notes,Cancelled at,Payment Method,Refunded Amount,Vendor,"
        "Location,Id,Tags,Source,Lineitem discount,Phone",
        {
            "orders.source_key": "Name", "orders.person_key": "Email", "orders.ordered_at": "Created at", "orders.amount": "Total", "orders.discount": "Discount Amount",
            "orders.refunded_amount": "Refunded Amount", "orders.currency": "Currency", "orders.status": "Financial Status", "orders.channel": "Source",
            "orders.store": "Location", "order_items.order_key": "Name", "order_items.quantity": "Lineitem quantity", "order_items.unit_price": "Lineitem price",
            "order_items.discount": "Lineitem discount", "order_items.product_key": "Lineitem name", "products.name": "Lineitem name", "people.email": "Email",
            "people.full_name": "Billing Name", "people.street": "Billing Street", "people.postal_code": "Billing Zip", "people.city": "Billing City",
            "people.country_code": "Billing Country", "people.phone": "Phone",
        },
    ),
    "customers": (
        "Customer ID,First Name,Last Name,Email,Accepts Email Marketing,Default Address Company,Default Address Address1,Default Address City,"
        "Default Address Country Code,Default Address Zip,Default Address Phone,Phone,Accepts SMS Marketing,Total Spent,Total Orders,Note,Tax Exempt,Tags",
        {
            "people.source_key": "Customer ID", "people.given_name": "First Name", "people.family_name": "Last Name", "people.email": "Email", "people.phone": "Phone",
            "people.street": "Default Address Address1", "people.postal_code": "Default Address Zip", "people.city": "Default Address City",
            "people.country_code": "Default Address Country Code", "consent_events.status": "Accepts Email Marketing", "consent_events.contact_point": "Email",
        },
    ),
    "checkouts": (
        "Id,Name,Email,Currency,Subtotal,Total,Created at,Lineitem quantity,Lineitem name,Lineitem price,Abandoned Checkout URL",
        {"carts.source_key": "Id", "carts.person_key": "Email", "carts.created_at": "Created at", "carts.value": "Total", "carts.currency": "Currency", "carts.items": "Lineitem quantity"},
    ),
}  # fmt: skip
SHOPIFY_LANDED: Tables = {
    "customer": (
        "id,first_name,last_name,email,phone,orders_count,total_spent,verified_email,created_at,updated_at,email_marketing_consent_state,"
        "email_marketing_consent_opt_in_level,email_marketing_consent_consent_updated_at,_fivetran_synced,_fivetran_deleted",
        {
            "people.source_key": "id", "people.given_name": "first_name", "people.family_name": "last_name", "people.email": "email", "people.phone": "phone",
            "people.created_at": "created_at", "people.updated_at": "updated_at", "consent_events.status": "email_marketing_consent_state",
            "consent_events.stated_at": "email_marketing_consent_consent_updated_at", "consent_events.confirmed_at": "email_marketing_consent_opt_in_level",
        },
    ),
    "order": (
        "id,order_number,customer_id,email,currency,total_price,total_discounts,created_at,processed_at,financial_status,fulfillment_status,cancelled_at,"
        "source_name,test,_fivetran_synced",
        {
            "orders.source_key": "id", "orders.person_key": "customer_id", "orders.ordered_at": "created_at", "orders.amount": "total_price", "orders.discount": "total_discounts",
            "orders.currency": "currency", "orders.status": "financial_status", "orders.channel": "source_name", "orders.refunded_amount": "transaction.amount",
        },
    ),
    "order_line": (
        "id,order_id,product_id,variant_id,name,title,price,quantity,gift_card,fulfillment_service,total_discount,_fivetran_synced",
        {
            "order_items.source_key": "id", "order_items.order_key": "order_id", "order_items.product_key": "product_id", "order_items.quantity": "quantity",
            "order_items.unit_price": "price", "order_items.discount": "total_discount", "order_items.currency": "order.currency", "order_items.ordered_at": "order.created_at",
            "order_items.refunded_quantity": "order_line_refund.quantity",
        },
    ),
    "order_line_refund": ("id,order_line_id,refund_id,restock_type,quantity,subtotal,_fivetran_synced", {}),
    "transaction": ("id,order_id,refund_id,amount,currency,gateway,kind,status,test,created_at,_fivetran_synced", {}),
    "abandoned_checkout": (
        "id,abandoned_checkout_url,cart_token,customer_id,email,created_at,updated_at,completed_at,total_price,currency,_fivetran_synced",
        {"carts.source_key": "id", "carts.person_key": "customer_id", "carts.created_at": "created_at", "carts.abandoned_at": "updated_at", "carts.value": "total_price", "carts.currency": "currency"},
    ),
    "product": (
        "id,title,handle,product_type,vendor,published_scope,created_at,_fivetran_synced",
        {"products.source_key": "id", "products.name": "title", "products.category": "product_type"},
    ),
}  # fmt: skip
SHOPIFY_DLT: Tables = {
    "customers": (
        "id,first_name,last_name,email,phone,orders_count,total_spent,verified_email,created_at,updated_at,email_marketing_consent__state,email_marketing_consent__opt_in_level,"
        "email_marketing_consent__consent_updated_at,default_address__address1,default_address__city,default_address__zip,default_address__country_code,_dlt_id,_dlt_load_id",
        {
            "people.source_key": "id", "people.given_name": "first_name", "people.family_name": "last_name", "people.email": "email", "people.phone": "phone",
            "people.street": "default_address__address1", "people.city": "default_address__city", "people.postal_code": "default_address__zip",
            "people.country_code": "default_address__country_code", "people.created_at": "created_at", "people.updated_at": "updated_at",
            "consent_events.status": "email_marketing_consent__state", "consent_events.stated_at": "email_marketing_consent__consent_updated_at",
            "consent_events.confirmed_at": "email_marketing_consent__opt_in_level",
        },
    ),
    "orders": (
        "id,order_number,customer__id,email,currency,total_price,total_discounts,created_at,updated_at,processed_at,financial_status,fulfillment_status,cancelled_at,"
        "source_name,test,_dlt_id,_dlt_load_id",
        {
            "orders.source_key": "id", "orders.person_key": "customer__id", "orders.ordered_at": "created_at", "orders.amount": "total_price", "orders.discount": "total_discounts",
            "orders.currency": "currency", "orders.status": "financial_status", "orders.channel": "source_name", "orders.refunded_amount": "refund_transactions.amount",
        },
    ),
    "order_lines": (
        "id,product_id,variant_id,name,title,price,quantity,gift_card,fulfillment_service,total_discount,_dlt_parent_id,_dlt_list_idx,_dlt_id",
        {
            "order_items.source_key": "id", "order_items.order_key": "orders.id", "order_items.product_key": "product_id", "order_items.quantity": "quantity",
            "order_items.unit_price": "price", "order_items.discount": "total_discount", "order_items.currency": "orders.currency", "order_items.ordered_at": "orders.created_at",
            "order_items.refunded_quantity": "refund_lines.quantity",
        },
    ),
    "refund_lines": ("id,line_item_id,restock_type,quantity,subtotal,_dlt_parent_id,_dlt_list_idx,_dlt_id", {}),
    "refund_transactions": ("id,order_id,amount,currency,gateway,kind,status,test,created_at,_dlt_parent_id,_dlt_list_idx,_dlt_id", {}),
    "products": (
        "id,title,handle,product_type,vendor,published_scope,created_at,_dlt_id,_dlt_load_id",
        {"products.source_key": "id", "products.name": "title", "products.category": "product_type"},
    ),
}  # fmt: skip
WOOCOMMERCE_EXPORT: Tables = {
    "orders": (
        "order_id,order_number,order_date,status,shipping_total,tax_total,discount_total,order_total,refunded_total,order_currency,payment_method,customer_id,"
        "billing_first_name,billing_last_name,billing_company,billing_email,billing_phone,billing_address_1,billing_postcode,billing_city,billing_country,"
        "shipping_city,customer_note,item_id,item_product_id,item_name,item_sku,item_quantity,item_subtotal,item_total,item_refunded,item_refunded_qty,item_meta",
        {
            "orders.source_key": "order_id", "orders.person_key": "customer_id", "orders.ordered_at": "order_date", "orders.amount": "order_total",
            "orders.discount": "discount_total", "orders.refunded_amount": "refunded_total", "orders.currency": "order_currency", "orders.status": "status",
            "order_items.order_key": "order_id", "order_items.product_key": "item_product_id", "order_items.quantity": "item_quantity", "order_items.unit_price": "item_subtotal",
            "order_items.discount": "item_total", "order_items.refunded_quantity": "item_refunded_qty", "products.source_key": "item_product_id", "products.name": "item_name",
            "people.source_key": "customer_id", "people.email": "billing_email", "people.phone": "billing_phone", "people.given_name": "billing_first_name",
            "people.family_name": "billing_last_name", "people.street": "billing_address_1", "people.postal_code": "billing_postcode", "people.city": "billing_city",
            "people.country_code": "billing_country",
        },
    ),
    "customers": (
        "customer_id,first_name,last_name,user_login,email,user_pass,date_registered,billing_first_name,billing_last_name,billing_email,billing_phone,"
        "billing_address_1,billing_postcode,billing_city,billing_country,shipping_first_name,total_spent,order_count",
        {
            "people.source_key": "customer_id", "people.given_name": "first_name", "people.family_name": "last_name", "people.email": "email", "people.phone": "billing_phone",
            "people.street": "billing_address_1", "people.postal_code": "billing_postcode", "people.city": "billing_city", "people.country_code": "billing_country",
            "people.created_at": "date_registered",
        },
    ),
    "customers_report": (
        "Name,Username,Last Active,Sign Up,Email,Orders,Total Spend,AOV,Country / Region,City,Region,Postal Code,Billing Phone,Shipping Phone,Role",
        {
            "people.full_name": "Name", "people.email": "Email", "people.created_at": "Sign Up", "people.updated_at": "Last Active", "people.city": "City",
            "people.postal_code": "Postal Code", "people.country_code": "Country / Region", "people.phone": "Billing Phone",
        },
    ),
    "products": (
        "ID,Type,SKU,Name,Published,Is featured?,Visibility in catalog,Short description,Description,Tax status,In stock?,Stock,Sale price,Regular price,Categories,Tags",
        {"products.source_key": "ID", "products.name": "Name", "products.category": "Categories", "products.price": "Regular price"},
    ),
}  # fmt: skip
WOOCOMMERCE_LANDED: Tables = {
    "orders": (
        "id,status,currency,type,tax_amount,total_amount,customer_id,billing_email,date_created_gmt,date_updated_gmt,parent_order_id,payment_method,customer_note",
        {
            "orders.source_key": "id", "orders.person_key": "customer_id", "orders.ordered_at": "date_created_gmt", "orders.amount": "total_amount",
            "orders.currency": "currency", "orders.status": "status", "orders.refunded_amount": "orders.total_amount",
        },
    ),
    "customers": (
        "customer_id,user_id,username,first_name,last_name,email,date_last_active,date_registered,country,postcode,city,state",
        {
            "people.source_key": "user_id", "people.given_name": "first_name", "people.family_name": "last_name", "people.email": "email", "people.postal_code": "postcode",
            "people.city": "city", "people.country_code": "country", "people.created_at": "date_registered", "people.updated_at": "date_last_active",
        },
    ),
    "items": (
        "order_item_id,order_id,product_id,variation_id,customer_id,date_created,product_qty,product_net_revenue,product_gross_revenue,coupon_amount,tax_amount",
        {
            "order_items.source_key": "order_item_id", "order_items.order_key": "order_id", "order_items.product_key": "product_id", "order_items.quantity": "product_qty",
            "order_items.unit_price": "product_net_revenue", "order_items.discount": "coupon_amount", "order_items.currency": "orders.currency",
        },
    ),
    "posts": ("ID,post_author,post_date,post_content,post_title,post_status,post_type,guid", {"products.source_key": "ID", "products.name": "post_title"}),
}  # fmt: skip
