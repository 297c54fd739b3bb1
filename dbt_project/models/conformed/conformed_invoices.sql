{{ conformed_union("invoices", reads=["currencies"]) }}
