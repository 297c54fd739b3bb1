{{ audience("win_back_email") }}
