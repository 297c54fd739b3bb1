"""What stands in files of companies, and which conformed column each of their columns is. Not here: how it is measured (test_truth.py).

Half of it was looked at while the words were written (SEEN), half was not.
"""

from __future__ import annotations

from pathlib import Path

# table → {entity.target: column}
Truth = dict[str, dict[str, str | None]]


def _csv(folder: Path, name: str, *lines: str, encoding: str = "utf-8") -> None:
    (folder / name).write_bytes("\n".join([*lines, ""]).encode(encoding))


def swedish(folder: Path) -> Truth:
    _csv(
        folder, "Kundlista 2026.csv", "Kundregister;;;;;;;;;;", "Uttaget 2026-11-01;;;;;;;;;;",
        "Kundnr;Förnamn;Efternamn;E-post;Mobilnr;Adress;Postnr;Ort;Födelsedatum;Samtycke nyhetsbrev;Samtyckesdatum;Omsättning",
        "00101;Anna;Åberg;anna@example.com;070-1740605;Storgatan 1;90325;Umeå;31.12.1980;Ja;01.02.2025;1 234,50 kr",
        "00102;Örjan;Öst;orjan@example.com;;Ängsvägen 2;11122;Stockholm;-;Nej;03.04.2025;99,00 kr",
        "00103;Eva;Ek;eva@example.com;0701740606;Byn 3;11122;Luleå;05.06.1970;Ja;13.04.2025;12,00 kr",
        "Summa;;;;;;;;;;;1 345,50 kr", encoding="cp1252",
    )  # fmt: skip
    return {
        "kundlista": {
            "people.source_key": "Kundnr", "people.given_name": "Förnamn", "people.family_name": "Efternamn", "people.email": "E-post",
            "people.phone": "Mobilnr", "people.street": "Adress", "people.postal_code": "Postnr", "people.city": "Ort",
            "people.birth_date": "Födelsedatum", "consent_events.status": "Samtycke nyhetsbrev",
            "consent_events.stated_at": "Samtyckesdatum", "consent_events.contact_point": "E-post",
        }
    }  # fmt: skip


def finnish(folder: Path) -> Truth:
    _csv(
        folder, "asiakkaat.csv", "Asiakasnumero;Etunimi;Sukunimi;Sähköposti;Puhelin;Katuosoite;Postinumero;Postitoimipaikka;Syntymäaika",
        "1;Aino;Virtanen;aino@example.com;+358401234567;Katu 1;00100;Helsinki;1.2.1980",
        "2;Eino;Korhonen;eino@example.com;+358401234568;Katu 2;33100;Tampere;3.4.1975",
    )  # fmt: skip
    _csv(
        folder, "tilaukset.csv", "Tilausnumero;Asiakasnumero;Tilauspäivä;Yhteensä;Tila;Valuutta", "T1;1;1.11.2025;12,50;Toimitettu;EUR",
        "T2;1;2.11.2025;7,00;Toimitettu;EUR", "T3;2;2.11.2025;9,90;Peruttu;EUR",
    )  # fmt: skip
    return {
        "asiakkaat": {
            "people.source_key": "Asiakasnumero", "people.given_name": "Etunimi", "people.family_name": "Sukunimi",
            "people.email": "Sähköposti", "people.phone": "Puhelin", "people.street": "Katuosoite", "people.postal_code": "Postinumero",
            "people.city": "Postitoimipaikka", "people.birth_date": "Syntymäaika",
        },
        "tilaukset": {
            "orders.source_key": "Tilausnumero", "orders.person_key": "Asiakasnumero", "orders.ordered_at": "Tilauspäivä",
            "orders.amount": "Yhteensä", "orders.status": "Tila", "orders.currency": "Valuutta",
        },
    }  # fmt: skip


def olist(folder: Path) -> Truth:
    """Nine files with the names and columns of a Brazilian marketplace."""
    files = {
        "olist_customers_dataset": ("customer_id,customer_unique_id,customer_zip_code_prefix,customer_city,customer_state", "c1,u1,01310,sao paulo,SP", "c2,u2,20040,rio de janeiro,RJ"),
        "olist_orders_dataset": ("order_id,customer_id,order_status,order_purchase_timestamp,order_approved_at,order_delivered_carrier_date,order_delivered_customer_date,order_estimated_delivery_date", "o1,c1,delivered,2017-10-02 10:56:33,2017-10-02 11:07:15,2017-10-04 19:55:00,2017-10-10 21:25:13,2017-10-18 00:00:00", "o2,c2,canceled,2018-07-24 20:41:37,2018-07-26 03:24:27,,,2018-08-13 00:00:00"),
        "olist_order_items_dataset": ("order_id,order_item_id,product_id,seller_id,shipping_limit_date,price,freight_value", "o1,1,p1,s1,2017-10-06 11:07:15,29.99,8.72", "o1,2,p2,s1,2017-10-06 11:07:15,10.00,8.72", "o2,1,p1,s1,2018-07-30 03:24:27,118.70,22.76"),
        "olist_order_payments_dataset": ("order_id,payment_sequential,payment_type,payment_installments,payment_value", "o1,1,credit_card,1,48.71", "o2,1,boleto,1,141.46"),
        "olist_order_reviews_dataset": ("review_id,order_id,review_score,review_comment_title,review_comment_message,review_creation_date,review_answer_timestamp", "r1,o1,4,,bom,2017-10-11 00:00:00,2017-10-12 03:43:48", "r2,o2,1,,,2018-08-15 00:00:00,2018-08-16 03:43:48"),
        "olist_products_dataset": ("product_id,product_category_name,product_name_lenght,product_description_lenght,product_photos_qty,product_weight_g,product_length_cm,product_height_cm,product_width_cm", "p1,perfumaria,40,287,1,225,16,10,14", "p2,artes,44,276,1,1000,30,18,20"),
        "olist_sellers_dataset": ("seller_id,seller_zip_code_prefix,seller_city,seller_state", "s1,13023,campinas,SP"),
        "olist_geolocation_dataset": ("geolocation_zip_code_prefix,geolocation_lat,geolocation_lng,geolocation_city,geolocation_state", "01037,-23.54,-46.63,sao paulo,SP", "01046,-23.54,-46.64,sao paulo,SP"),
        "product_category_name_translation": ("product_category_name,product_category_name_english", "perfumaria,perfumery", "artes,art"),
    }  # fmt: skip
    for name, lines in files.items():
        _csv(folder, f"{name}.csv", *lines)
    return {
        "olist_customers_dataset": {"people.source_key": "customer_id", "people.person_id": "customer_unique_id", "people.postal_code": "customer_zip_code_prefix", "people.city": "customer_city"},
        "olist_orders_dataset": {"orders.source_key": "order_id", "orders.person_key": "customer_id", "orders.status": "order_status", "orders.ordered_at": "order_purchase_timestamp", "orders.delivered_at": "order_delivered_customer_date"},
        "olist_order_items_dataset": {"order_items.order_key": "order_id", "order_items.product_key": "product_id", "order_items.unit_price": "price"},
        "olist_order_reviews_dataset": {"reviews.source_key": "review_id", "reviews.rating": "review_score", "reviews.review_text": "review_comment_message", "reviews.reviewed_at": "review_creation_date"},
        "olist_products_dataset": {"products.source_key": "product_id", "products.category": "product_category_name"},
        "olist_sellers_dataset": {}, "olist_geolocation_dataset": {}, "product_category_name_translation": {}, "olist_order_payments_dataset": {},
    }  # fmt: skip


def uci(folder: Path) -> Truth:
    """Lines of a British wholesaler."""
    _csv(
        folder, "Online Retail.csv", "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country",
        "536365,85123A,HOLDER,6,12/1/2010 8:26,2.55,17850,United Kingdom", "536365,71053,LANTERN,6,12/1/2010 8:26,3.39,17850,United Kingdom",
        "536366,22633,HAND WARMER,6,12/1/2010 8:28,1.85,17851,United Kingdom", "C536379,D,Discount,-1,12/13/2010 9:41,27.5,14527,United Kingdom",
        "C536379,D,Discount,-1,12/13/2010 9:41,27.5,14527,United Kingdom",
    )  # fmt: skip
    return {
        "online_retail": {
            "order_items.order_key": "InvoiceNo", "order_items.product_key": "StockCode", "order_items.quantity": "Quantity",
            "order_items.ordered_at": "InvoiceDate", "order_items.unit_price": "UnitPrice", "people.source_key": "CustomerID",
            "people.country_code": "Country",
        }
    }  # fmt: skip


def norwegian(folder: Path) -> Truth:
    _csv(
        folder, "salg_2026-10-01.csv", "Ordrenr\tKundenr\tOrdredato\tTotalbeløp\tRabatt\tButikk", "1\tK1\t01.10.2026\t100,50\t0,00\tOslo",
        "2\tK2\t01.10.2026\t20,00\t1,00\tBergen",
    )  # fmt: skip
    _csv(
        folder,
        "salg_2026-10-02.csv",
        "Ordrenr\tKundenr\tOrdredato\tTotalbeløp\tRabatt\tButikk",
        "3\tK1\t14.10.2026\t10,50\t0,00\tOslo",
    )
    _csv(
        folder,
        "medlemmer.csv",
        "Medlemsnr,Fornavn,Etternavn,Epost,Telefon,Poststed",
        "K1,Kari,Nordmann,kari@example.com,+4791234567,Oslo",
        "K2,Ola,Nordmann,ola@example.com,+4791234568,Bergen",
    )
    return {
        "salg": {"orders.source_key": "Ordrenr", "orders.person_key": "Kundenr", "orders.ordered_at": "Ordredato", "orders.amount": "Totalbeløp", "orders.discount": "Rabatt", "orders.store": "Butikk"},
        "medlemmer": {"people.source_key": "Medlemsnr", "people.given_name": "Fornavn", "people.family_name": "Etternavn", "people.email": "Epost", "people.phone": "Telefon", "people.city": "Poststed"},
    }  # fmt: skip


def danish(folder: Path) -> Truth:
    _csv(
        folder,
        "Kundeliste.csv",
        "Kundenr.;Navn;E-mail;Tlf.;Vejnavn;Postnr;By;Oprettet",
        "1;Mette Jensen;mette@example.com;+4520123456;Gade 1;8000;Aarhus;2024-01-05",
        "2;Lars Holm;lars@example.com;+4520123457;Gade 2;2100;København;2024-02-05",
    )
    return {"kundeliste": {"people.source_key": "Kundenr.", "people.full_name": "Navn", "people.email": "E-mail", "people.phone": "Tlf.", "people.street": "Vejnavn", "people.postal_code": "Postnr", "people.city": "By", "people.created_at": "Oprettet"}}  # fmt: skip


def december(folder: Path) -> Truth:
    """Orders of a month in a file that is named for its customers, with days as a person types them."""
    _csv(
        folder, "Asiakkaat joulukuu.csv", "Asiakasnumero;Nimi;Sähköpostiosoite;Postinro;Tilausnumero;Tilauspäivä;Summa;Hyvityssumma;Alennusprosentti",
        "1;Aino Virtanen;aino@example.com;00100;T1;2025-12-1;12,50;0,00;10", "1;Aino Virtanen;aino@example.com;00100;T2;2025-12-12;7,00;7,00;0",
        "2;Eino Korhonen;eino@example.com;33100;T3;2025-12-3;9,90;0,50;15",
    )  # fmt: skip
    return {
        "asiakkaat_joulukuu": {
            "orders.source_key": "Tilausnumero", "orders.person_key": "Asiakasnumero", "orders.ordered_at": "Tilauspäivä",
            "orders.amount": "Summa", "orders.refunded_amount": "Hyvityssumma", "people.source_key": "Asiakasnumero",
            "people.full_name": "Nimi", "people.email": "Sähköpostiosoite", "people.postal_code": "Postinro",
        }
    }  # fmt: skip


def uci_later(folder: Path) -> Truth:
    """The same wholesaler's lines in the file of two years, whose header is another."""
    _csv(
        folder, "online_retail_II.csv", "Invoice,StockCode,Description,Quantity,InvoiceDate,Price,Customer ID,Country",
        "489434,85048,LIGHTS,12,2009-12-01 07:45:00,6.95,13085.0,United Kingdom", "489434,79323P,CHERRY,12,2009-12-01 07:45:00,6.75,13085.0,United Kingdom",
        "C489435,22350,CAT BOWL,-1,2009-12-01 07:46:00,2.55,13086.0,France",
    )  # fmt: skip
    return {
        "online_retail_ii": {
            "order_items.source_key": "_row_key", "order_items.order_key": "Invoice", "order_items.product_key": "StockCode",
            "order_items.quantity": "Quantity", "order_items.ordered_at": "InvoiceDate", "order_items.unit_price": "Price",
            "orders.source_key": "Invoice", "orders.person_key": "Customer ID", "people.source_key": "Customer ID",
        }
    }  # fmt: skip


# of the shared data: folder → truth
VENDORS_SEEN: dict[str, Truth] = {
    "shopify": {
        "shopify_customer_data": {"people.source_key": "id", "people.given_name": "first_name", "people.family_name": "last_name", "people.email": "email", "people.created_at": "created_at", "people.updated_at": "updated_at"},
        "shopify_order_data": {"orders.source_key": "id", "orders.person_key": "customer_id", "orders.amount": "total_price", "orders.currency": "currency", "orders.status": "financial_status", "orders.ordered_at": "processed_at"},
        "shopify_order_line_data": {"order_items.source_key": "id", "order_items.order_key": "order_id", "order_items.product_key": "product_id", "order_items.quantity": "quantity", "order_items.unit_price": "price", "order_items.discount": "total_discount"},
        "shopify_product_data": {"products.source_key": "id", "products.name": "title", "products.category": "product_type"},
    },
    "hubspot": {
        "contact_data": {"people.source_key": "id", "people.email": "property_email", "people.given_name": "property_firstname", "people.family_name": "property_lastname", "people.created_at": "property_createdate"},
        "company_data": {"companies.source_key": "id", "companies.name": "property_name", "companies.industry": "property_industry", "companies.country_code": "property_country"},
        "ticket_data": {"tickets.source_key": "id", "tickets.opened_at": "property_createdate", "tickets.solved_at": "property_closed_date", "tickets.category": "property_hs_ticket_category"},
        "email_event_data": {"email_events.source_key": "id", "email_events.kind": "type", "email_events.occurred_at": "created", "email_events.contact_point": "recipient"},
    },
}  # fmt: skip
VENDORS_UNSEEN: dict[str, Truth] = {
    "klaviyo": {
        "person": {"people.source_key": "id", "people.given_name": "first_name", "people.family_name": "last_name", "people.email": "email", "people.phone": "phone_number", "people.street": "address_1", "people.postal_code": "zip", "people.city": "city", "people.country_code": "country", "people.created_at": "created", "people.updated_at": "updated"},
        "campaign": {"campaigns.source_key": "id", "campaigns.name": "name", "campaigns.sent_at": "sent_at"},
    },
    "mailchimp": {
        "member": {"people.source_key": "id", "people.email": "email_address", "people.given_name": "merge_fname", "people.created_at": "timestamp_signup", "people.updated_at": "last_changed", "people.country_code": "country_code"},
        "campaign": {"campaigns.source_key": "id", "campaigns.name": "title", "campaigns.sent_at": "send_time"},
        "campaign_recipient_activity": {"email_events.person_key": "member_id", "email_events.campaign_key": "campaign_id", "email_events.kind": "action", "email_events.occurred_at": "timestamp"},
    },
    "qualtrics": {
        "core_contact": {"people.source_key": "id", "people.given_name": "first_name", "people.family_name": "last_name", "people.email": "email"},
        "survey_response": {"survey_responses.source_key": "id", "survey_responses.survey": "survey_id", "survey_responses.submitted_at": "recorded_date"},
        # its rows name nobody: what people wrote is not proposed
        "question_response": {"survey_answers.response_key": "response_id", "survey_answers.question": "question", "survey_answers.answer_text": None},
    },
}  # fmt: skip
SEEN = {"swedish": swedish, "finnish": finnish, "norwegian": norwegian, "december": december, "uci_later": uci_later}
UNSEEN = {"danish": danish, "olist": olist, "uci": uci}
