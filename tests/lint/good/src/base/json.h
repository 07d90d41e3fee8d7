int json_put_bytes(void *object, const char *key, const char *data, unsigned long len);
