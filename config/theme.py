"""How django-unfold dresses the dashboard: names, pictures, colours and the sidebar."""

from typing import Any

from django.templatetags.static import static
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _

UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "Quayside",
    "SITE_HEADER": "Quayside",
    "SITE_SUBHEADER": "config.navigation.workspace_name",
    "SITE_DROPDOWN": "config.navigation.workspace_switcher",
    "SITE_URL": None,
    "SITE_SYMBOL": "anchor",
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": lambda request: static("icon.svg")}
    ],
    "LOGIN": {"image": lambda request: static("login.svg")},
    "ACCOUNT": {
        "navigation": [{"title": _("Your account"), "link": reverse_lazy("account")}],
    },
    "SHOW_LANGUAGES": True,
    "SHOW_HISTORY": False,
    "SHOW_VIEW_ON_SITE": False,
    "BORDER_RADIUS": "8px",
    "COLORS": {
        # The sea: a blue with a little green in it.
        "primary": {
            "50": "oklch(97.6% .014 220)",
            "100": "oklch(94.6% .03 219)",
            "200": "oklch(89.4% .055 218)",
            "300": "oklch(82% .09 218)",
            "400": "oklch(72% .115 220)",
            "500": "oklch(61% .115 223)",
            "600": "oklch(52% .105 226)",
            "700": "oklch(45% .092 228)",
            "800": "oklch(39% .077 230)",
            "900": "oklch(34% .064 232)",
            "950": "oklch(25% .049 234)",
        },
        # The theme's is too pale to read on a shaded ground.
        "font": {"subtle-light": "oklch(50% .028 262)"},
    },
    "SIDEBAR": {"show_search": True, "navigation": "config.navigation.sidebar"},
}
