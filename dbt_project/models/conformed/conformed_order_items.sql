{{ incremental_entity("order_items") }} {{ conformed_union("order_items", reads=["currencies"]) }}
