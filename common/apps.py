from django.apps import AppConfig

from common import arrays


class CommonConfig(AppConfig):
    name = "common"

    def ready(self) -> None:
        arrays.register()
