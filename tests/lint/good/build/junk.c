The build directory is not ours: /home/somebody/else
