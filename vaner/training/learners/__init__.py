"""What each kind of model brings to training; the loop is one."""
