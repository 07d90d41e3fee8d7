void *a(const char *s, const char *fmt)
{
	json_pack("{s:i}", "number", 1);
	json_pack("{s:i,s:s}", "number", 1,
		  "text", s);
	json_pack_ex(err, 0,
		     "[s]", s);
	json_pack("{s:{s:i},s:s?}", "a", "b", 1, "c", s);
	json_pack("{s%:i}", s, 3, 1);
	return json_pack(fmt, s);
}
