"""What every HTTP front end stands behind: who may talk to it, how it says no, how it is served."""
