"""The storefront: WooCommerce REST v3."""
