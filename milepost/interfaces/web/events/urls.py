from __future__ import annotations

from django.urls import path

from . import attendance, calendars, hosting, listing, pages, taking_part, writing

urlpatterns = [
    path("events/", listing.index, name="events"),
    path("events/month/", listing.month, name="events_month"),
    path("events/new/", writing.new, name="event_new"),
    path("events/settings/", writing.settings, name="events_settings"),
    path("events/calendar.ics", calendars.public, name="events_calendar"),
    path("events/subscribe/", calendars.subscribe, name="events_subscribe"),
    path("events/subscribe/renewal/", calendars.renew, name="events_renew"),
    path("events/<uuid:event>/", pages.page, name="event"),
    path("events/<uuid:event>/event.ics", calendars.single, name="event_calendar"),
    path("events/<uuid:event>/change/", writing.change, name="event_change"),
    path("events/<uuid:event>/publication/", writing.publish, name="event_publication"),
    path("events/<uuid:event>/refusal/", writing.decline, name="event_refusal"),
    path("events/<uuid:event>/cancellation/", writing.cancel, name="event_cancellation"),
    path("events/<uuid:event>/registration/", taking_part.register, name="event_registration"),
    path("events/<uuid:event>/registration/withdrawal/", taking_part.withdraw, name="event_withdrawal"),
    path("events/<uuid:event>/guests/", taking_part.guest, name="event_guest"),
    path("events/<uuid:event>/series/", taking_part.series, name="event_series"),
    path("events/<uuid:event>/feedback/", taking_part.feedback, name="event_feedback"),
    path("events/<uuid:event>/here/<str:code>/", taking_part.here, name="event_here"),
    path("events/<uuid:event>/people/", hosting.people, name="event_people"),
    path("events/<uuid:event>/people/<uuid:person>/attendance/", hosting.attendance, name="event_attendance"),
    path("events/<uuid:event>/people/<uuid:person>/removal/", hosting.remove, name="event_removal"),
    path("events/<uuid:event>/walk-ins/", hosting.walk_in, name="event_walk_in"),
    path("events/<uuid:event>/invitations/", hosting.invite, name="event_invitations"),
    path("events/<uuid:event>/invitations/segment/", hosting.invite_segment, name="event_segment_invitations"),
    path("events/<uuid:event>/check-in/<uuid:registration>/<str:code>/", hosting.check_in, name="event_check_in"),
    path("events/<uuid:event>/door/", hosting.door, name="event_door"),
    path("events/<uuid:event>/attendance/", attendance.page, name="event_attendance_files"),
    path("events/<uuid:event>/attendance/<uuid:run>/", attendance.one, name="event_attendance_file"),
    path("events/<uuid:event>/afterwards/", hosting.afterwards, name="event_afterwards"),
]
outside = [
    path("tickets/<uuid:pk>/<str:code>/", taking_part.ticket, name="event_ticket"),
    path("calendars/<uuid:key>/<str:code>/<str:which>.ics", calendars.subscribed, name="calendar_feed"),
]
