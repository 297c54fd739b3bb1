{{ conformed_union("invoices") }}
