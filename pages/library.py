"""Placeholder."""

import streamlit as st

st.html("<h1>library</h1>")
