from rest_framework.pagination import LimitOffsetPagination


class Pagination(LimitOffsetPagination):
    """Pages by `limit` and `offset` as LL2 2.3.0 has them; what is no number is taken as not given."""

    default_limit = 10
    max_limit = 100
