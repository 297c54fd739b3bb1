{{ incremental_entity("orders") }} {{ conformed_union("orders", reads=["order_statuses", "currencies"]) }}
