{{ incremental_entity("carts") }} {{ conformed_union("carts", reads=["currencies"]) }}
