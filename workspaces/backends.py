from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import AnonymousUser
from django.db.models import Model

from workspaces.models import User
from workspaces.roles import PERMISSIONS


class RoleBackend(ModelBackend):
    """A password lets somebody in; what they may do is their role's in the current workspace.

    Groups and permissions that Django could give a user aren't read: they would hold in
    every workspace.
    """

    def get_user_permissions(
        self, user_obj: User | AnonymousUser, obj: Model | None = None
    ) -> set[str]:
        if not user_obj.is_active or obj is not None or not isinstance(user_obj, User):
            return set()
        role = user_obj.look_up_role() if user_obj.look_up_role else ""
        return set(PERMISSIONS.get(role, ()))

    def get_group_permissions(
        self, user_obj: User | AnonymousUser, obj: Model | None = None
    ) -> set[str]:
        return set()

    def get_all_permissions(
        self, user_obj: User | AnonymousUser, obj: Model | None = None
    ) -> set[str]:
        """Not kept on the user, as Django would: the workspace may change."""
        return self.get_user_permissions(user_obj, obj)
