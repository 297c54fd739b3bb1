{{ conformed_union("deals", reads=["currencies"]) }}
