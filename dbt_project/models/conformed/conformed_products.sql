{{ conformed_union("products", reads=["currencies"]) }}
