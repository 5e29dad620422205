"""Act and linger over the page itself: what people look at, press and run into, on a wireframe of the page.

`asking` puts the questions, `drawn` finds what the page looks like, `wire` lays it out as SVG, `rows` ranks
the elements, `parts` tells of forms, errors and Web Vitals, `page` is the page. Only measures count anything.
"""
