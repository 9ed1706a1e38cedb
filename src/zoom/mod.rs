//! Everything that speaks to Zoom: OAuth, REST client, webhook signature and wire types.
