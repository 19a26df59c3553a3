"""A customer and the phone company it is a customer of, both on real ports."""

from collections.abc import Iterator

import pytest

from simulator.exchange import Exchange
from tests.simulator.simulated_company import ACCOUNT, Company
from tests.simulator.simulated_customer import ANSWER_AND_DIAL, Customer


@pytest.fixture
def customer() -> Iterator[Customer]:
    customer = Customer()
    customer.twiml("/webhook/incoming_call", ANSWER_AND_DIAL)
    yield customer
    customer.close()


@pytest.fixture
def company(customer: Customer) -> Iterator[Company]:
    company = Company(Exchange(ACCOUNT, customer.url))
    yield company
    company.close()
