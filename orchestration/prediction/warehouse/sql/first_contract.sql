select min(started_at) from marts.fct_subscriptions
