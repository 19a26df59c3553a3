"""What the tests share: businesses, people, signed webhooks."""
