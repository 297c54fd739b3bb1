{{ conformed_union("ad_spend") }}
