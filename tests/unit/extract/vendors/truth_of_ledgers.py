"""As truth.py, of vendors of ledgers and whole companies."""

from __future__ import annotations

from tests.unit.extract.vendors.truth import Tables

# the columns that Tryton 8.2 makes
TRYTON_LANDED: Tables = {
    "party": (
        "id,active,code,code_alnum,code_digit,create_date,create_uid,name,replaced_by,write_date,write_uid",
        {"people.source_key": "id", "people.full_name": "name", "people.email": "contact.value", "people.phone": "contact.value", "people.postal_code": "address.postal_code", "people.city": "address.city", "people.country_code": "country.code", "people.created_at": "create_date", "companies.source_key": "id", "companies.name": "name"},
    ),
    "identifier": (
        "id,active,address,code,code_compact,create_date,create_uid,eu_vat_valid,eu_vat_validated_at,party,sequence,type,write_date,"
        "write_uid",
        {},
    ),
    "contact": (
        "id,active,address,comment,create_date,create_uid,name,party,sequence,type,value,value_compact,write_date,write_uid,delivery,"
        "invoice",
        {},
    ),
    "address": (
        "id,active,attn,building_name,building_number,city,country,create_date,create_uid,floor_number,party,party_name,post_box,"
        "post_office,postal_code,private_bag,room_number,sequence,street_name,street_unstructured,subdivision,unit_number,write_date,"
        "write_uid,delivery,invoice",
        {},
    ),
    "country": (
        "id,active,code,code3,code_numeric,create_date,create_uid,name,region,write_date,write_uid",
        {},
    ),
    "currency": (
        "id,active,code,create_date,create_uid,digits,name,numeric_code,rounding,symbol,write_date,write_uid",
        {},
    ),
    "company": (
        "id,create_date,create_uid,currency,footer,header,logo,party,timezone,write_date,write_uid,cancel_invoice_out,"
        "purchase_taxes_expense",
        {},
    ),
    "employee": (
        "id,company,create_date,create_uid,end_date,party,start_date,supervisor,write_date,write_uid",
        {},
    ),
    "opportunity": (
        "id,address,amount,comment,company,contact,conversion_probability,converted_by,create_date,create_uid,currency,description,employee,"
        "end_date,lost_reason,number,party,payment_term,reference,start_date,state,write_date,write_uid",
        {"deals.source_key": "id", "deals.company_key": "party", "deals.stage": "state", "deals.amount": "amount", "deals.currency": "currency.code", "deals.opened_at": "start_date", "deals.closed_at": "end_date", "deals.is_won": "state"},
    ),
    "invoice": (
        "id,account,accounting_date,cancel_move,comment,company,create_date,create_uid,currency,description,invoice_address,invoice_date,"
        "journal,move,number,number_alnum,number_digit,party,party_tax_identifier,payment_term,payment_term_date,reference,sequence,state,"
        "tax_amount_cache,tax_identifier,total_amount_cache,type,untaxed_amount_cache,write_date,write_uid",
        {"invoices.source_key": "id", "invoices.person_key": "party", "invoices.company_key": "party", "invoices.amount": "total_amount_cache", "invoices.currency": "currency.code", "invoices.due_on": "move_line.maturity_date", "invoices.paid_at": "move.date"},
    ),
    "move_line": (
        "id,account,amount_second_currency,create_date,create_uid,credit,debit,description,maturity_date,move,origin,party,reconciliation,"
        "second_currency,state,write_date,write_uid",
        {},
    ),
    "reconciliation": (
        "id,company,create_date,create_uid,date,delegate_to,number,write_date,write_uid",
        {},
    ),
    "payment": (
        "id,create_date,create_uid,invoice,line,write_date,write_uid",
        {},
    ),
    "move": (
        "id,company,create_date,create_uid,date,description,journal,number,origin,period,post_date,state,write_date,write_uid",
        {},
    ),
}  # fmt: skip
# the columns that the reader of SIE files makes, of records that its specification describes
SIE_EXPORT: Tables = {
    "vouchers": (
        "year_start,series,voucher_number,voucher_date,place,account,amount,currency,customer,invoice",
        {"invoices.source_key": "series", "invoices.person_key": "customer", "invoices.amount": "amount", "invoices.currency": "currency", "invoices.paid_at": "vouchers.voucher_date"},
    ),
}  # fmt: skip
