{{ conformed_union("exchange_rates", reads=["currencies"]) }}
