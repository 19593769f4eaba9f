"""Pages of rows with a secret that is shown once: when the row is created, or gets a new one."""

from django.contrib import admin
from django.template.response import TemplateResponse


class Issuing(admin.ModelAdmin):
    """Shows each new secret in the response itself, because it cannot be read afterwards.

    Rows have `renew`, which sets a new secret and returns it."""

    issued_column = ""  # of what is stored instead of the secret
    issued_about = ""  # why it is shown only once, and what to do with it
    issued_heading = ""
    issued_prefix = ""  # what stands before a secret where it is used
    actions = ("renew",)

    def save_model(self, request, row, form, change):
        if not change:
            request.issued = [(row, row.renew())]
        super().save_model(request, row, form, change)

    def response_add(self, request, row, post_url_continue=None):
        return self.show(request)

    @admin.action(description="Create new secrets for the selected %(verbose_name_plural)s", permissions=["change"])
    def renew(self, request, rows):
        request.issued = []
        for row in rows:
            request.issued.append((row, row.renew()))
            row.save(update_fields=[self.issued_column])
            self.log_change(request, row, "Created a new secret.")
        return self.show(request)

    def show(self, request):
        context = {**self.admin_site.each_context(request), "title": f"New {self.opts.verbose_name_plural}"}
        told = {"issued": request.issued, "pages": self, "opts": self.opts}
        return TemplateResponse(request, "editing/issued.html", {**context, **told})
