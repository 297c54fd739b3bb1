{{ conformed_union("social_engagements") }}
