{{ attribution_spread(ref("bi_attribution")) }}
