void *a(const char *s)
{
	/* json_string(s) */ return json_string (s);
}
