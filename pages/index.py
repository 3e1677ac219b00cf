"""Placeholder."""

import streamlit as st

st.html("<h1>index</h1>")
