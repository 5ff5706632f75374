"""Calls a plugin of OpenVPN's as OpenVPN does at a login, and prints what it says: 0 in, 1 out.

    openvpn_plugin.py PLUGIN CONFIGURATION NAME PASSWORD
"""

import ctypes
import sys

AUTH_USER_PASS_VERIFY = 5  # openvpn-plugin.h


def strings(*texts):
    return (ctypes.c_char_p * (len(texts) + 1))(*(text.encode() for text in texts), None)


plugin, configuration, name, password = sys.argv[1:]
library = ctypes.CDLL(plugin)
library.openvpn_plugin_open_v1.restype = ctypes.c_void_p
library.openvpn_plugin_func_v1.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p]
types = ctypes.c_uint()
handle = library.openvpn_plugin_open_v1(ctypes.byref(types), strings(plugin, configuration), strings())
if not handle:
    sys.exit("the plugin does not take its configuration")
print(library.openvpn_plugin_func_v1(handle, AUTH_USER_PASS_VERIFY, strings(plugin, configuration),
                                     strings(f"username={name}", f"password={password}", "untrusted_ip=127.0.0.1")))
