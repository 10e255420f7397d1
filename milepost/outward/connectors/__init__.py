"""History from elsewhere: Slack, Discord, mail archives, Discourse, tables, and Milepost's own exports, in and out."""
