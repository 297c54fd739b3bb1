"""Who is moved by a campaign, where a hold-out was drawn at random. Here: the lift of arms, of each customer, and how well it ranks."""
