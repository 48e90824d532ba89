#!/bin/sh
# What httpd serves for "/": the machine's name.
printf 'Content-Type: text/plain\r\n\r\n%s\n' "$(hostname)"
