{{ conformed_union("ad_spend", reads=["currencies"]) }}
