// The form of a docking event: choosing a target or chaser clears the others of its kind; only the target's ports are offered.
"use strict";
{
  const $ = django.jQuery;
  const PORT = "docking_location";
  const KINDS = {
    target: ["space_station_target", "flight_vehicle_target", "payload_flight_target"],
    chaser: ["flight_vehicle_chaser", "space_station_chaser", "payload_flight_chaser"],
  };
  const field = (name) => $(document.getElementById(`id_${name}`));
  const value = (name) => field(name).val() ?? "";
  const known = new Map(); // handled values, because the admin sends change events without changes too

  function empty(name) {
    if (value(name)) field(name).val(null).trigger("change.select2");
    known.set(name, "");
  }

  $.ajaxPrefilter((options, asked) => {
    if (asked.data?.field_name !== PORT) return;
    for (const name of KINDS.target) {
      const id = value(name);
      if (id) options.data += `&${name}=${encodeURIComponent(id)}`;
    }
  });

  $(() => {
    for (const [kind, names] of Object.entries(KINDS)) {
      for (const name of names) {
        known.set(name, value(name));
        field(name).on("change", () => {
          if (value(name) === known.get(name)) return;
          known.set(name, value(name));
          if (value(name)) names.filter((other) => other !== name).forEach(empty);
          if (kind === "target") empty(PORT);
        });
      }
    }
  });
}
