"""The pages of users and groups: who keeps them gives nobody more than editors may, and what they may themselves.

Only superusers make superusers, and only they change or delete whoever may more than others could give."""

from django.conf import settings
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Permission
from django.db.models import Q


def beyond(user):
    """The permissions that a user may give to nobody."""
    if user.is_superuser:
        return Permission.objects.none()
    return Permission.objects.exclude(Q(content_type__app_label__in=settings.NOUNS) | Q(pk__in=held(user)))


def held(user):
    """The permissions of a user, their own and those of their groups."""
    return Permission.objects.filter(Q(user=user) | Q(group__user=user)).values("pk")


def within_reach(user, rows):
    """Of permissions or groups, those that a user may give."""
    name = "pk" if rows.model is Permission else "permissions"
    return rows.exclude(**{f"{name}__in": beyond(user).values("pk")})


class Giving:
    """Pages that give permissions: those that are beyond whoever opens them are not shown, and stay as they are."""

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
        """Whether whoever asks could give a user all that they may."""
        if user is None or request.user.is_superuser:
            return True
        return not (user.is_superuser or beyond(request.user).filter(pk__in=held(user)).exists())
