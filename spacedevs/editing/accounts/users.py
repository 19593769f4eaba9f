"""The pages of users and groups. An admin can grant only the permissions of editors and their own.

Only superusers can create superusers, and only they can change or delete a user with further permissions."""

from django.conf import settings
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Permission
from django.db.models import Q


def beyond(user):
    """The permissions that a user may not grant."""
    if user.is_superuser:
        return Permission.objects.none()
    return Permission.objects.exclude(Q(content_type__app_label__in=settings.NOUNS) | Q(pk__in=held(user)))


def held(user):
    """The permissions of a user, direct and by groups."""
    return Permission.objects.filter(Q(user=user) | Q(group__user=user)).values("pk")


def within_reach(user, rows):
    """Those of the permissions or groups that a user may grant."""
    name = "pk" if rows.model is Permission else "permissions"
    return rows.exclude(**{f"{name}__in": beyond(user).values("pk")})


class Giving:
    """Pages that grant permissions. They hide the permissions that the current user may not grant, and keep them."""

    def formfield_for_manytomany(self, db_field, request=None, **kwargs):
        field = super().formfield_for_manytomany(db_field, request, **kwargs)
        field.queryset = within_reach(request.user, field.queryset)
        return field

    def save_related(self, request, form, formsets, change):
        given = {name: getattr(form.instance, name) for name in self.filter_horizontal}
        stay = {name: set(rows.all()) - set(within_reach(request.user, rows.all())) for name, rows in given.items()}
        super().save_related(request, form, formsets, change)
        for name, rows in stay.items():
            given[name].add(*rows)


class Groups(Giving, GroupAdmin):
    """The pages of groups."""


class Users(Giving, UserAdmin):
    """The pages of users."""

    def get_readonly_fields(self, request, obj=None):
        shown = super().get_readonly_fields(request, obj)
        return shown if request.user.is_superuser else (*shown, "is_superuser")

    def has_change_permission(self, request, obj=None):
        return super().has_change_permission(request, obj) and self.may_touch(request, obj)

    def has_delete_permission(self, request, obj=None):
        return super().has_delete_permission(request, obj) and self.may_touch(request, obj)

    @staticmethod
    def may_touch(request, user) -> bool:
        """Whether the current user could grant all permissions of another user."""
        if user is None or request.user.is_superuser:
            return True
        return not (user.is_superuser or beyond(request.user).filter(pk__in=held(user)).exists())
