{{ conformed_union("subscriptions") }}
