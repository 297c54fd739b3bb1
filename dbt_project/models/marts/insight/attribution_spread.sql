{{ attribution_spread(ref("attribution")) }}
