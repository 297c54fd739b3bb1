{{ conformed_union("campaigns", reads=["channels"]) }}
