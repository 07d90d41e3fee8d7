int a(void) { return open("/etc/passwd", 0); }
void b(void) { printf("hello"); }
