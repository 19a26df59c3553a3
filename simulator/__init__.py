"""A phone company that behaves as Twilio does, for the demo and the tests."""
