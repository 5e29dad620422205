"""Surveys in the simulated shop: who is asked, who answers, and what they say, with the truth behind it.

People go through things (`satisfaction`), are asked after orders, deliveries, contacts with support and carts
that they leave (`asking`), and say so in words of our own (`sentences`); `messages` puts it into events.
Who is content answers more often, so raw scores flatter the shop; and what people complain of is often not
the touchpoint that asked. Both are known here to the person. Its chance is its own: nothing else of the shop
changes with it.
"""
