"""Code that goes to the data: a licensee's program runs at the attestors', and the licensee gets what it puts out."""
