"""What is demanded, and how it is judged: catalogue, engine, scenarios, drivers of the vendor's software."""
