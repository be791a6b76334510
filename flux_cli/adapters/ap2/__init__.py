"""AP2 v0.2 mandates: what an owner allows as SD-JWTs that others can check, and checking theirs."""
