"""The names of the pages, as they stand in addresses, with their titles and icons. Not here: what stands on them (pages.py)."""

from __future__ import annotations

# (title, icon) by name, in the order of the navigation
TITLES = {
    "overview": ("Overview", ":material/dashboard:"),
    "segments": ("Segments", ":material/groups:"),
    "channels": ("Channels", ":material/hub:"),
    "campaigns": ("Campaigns", ":material/campaign:"),
    "products": ("Products", ":material/inventory_2:"),
    "service": ("Service and surveys", ":material/support_agent:"),
    "experience": ("Experience matrix", ":material/grid_on:"),
    "metrics": ("Metrics", ":material/monitoring:"),
    "customer": ("One customer", ":material/person:"),
    "consent": ("Consent", ":material/verified_user:"),
    "health": ("Data health", ":material/health_and_safety:"),
}
# the parameter of the app's own address that names the page to open
OPENED = "open"
