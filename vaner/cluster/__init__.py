"""Annotating in parts, on one machine or many: a job that is stopped goes on where it was.

`plan` cuts the input into parts, `store` is the folder with what is done, `work` does one part, and
`job` puts them together. Who does the parts is an engine: this process (`here`), or Ray (`on_ray`).
"""
